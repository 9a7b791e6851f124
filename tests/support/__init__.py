"""What tests stand on: real Postgres and Redis of their own, a database per process, doors that are shut."""
