"""The interface for switches and programs, above every app."""
