"""The fault run and its parts."""
