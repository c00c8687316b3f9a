"""What tests on a real cluster are made of."""
