"""Leading metrics: what predicts stability. One file each, found by discovery."""
