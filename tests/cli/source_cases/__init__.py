"""What the keys of each named source change: one file per source, for test_every_key_bites."""
