"""Looks for inputs that break, stall or bloat the core. `make fuzz`; what it finds is kept in tests/fuzzed."""
