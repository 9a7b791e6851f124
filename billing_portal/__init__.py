"""The platform under the billing apps. The path tells the schema, the order tells the imports: see `docs/architecture.md`."""
