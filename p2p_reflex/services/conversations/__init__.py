"""What people write to each other, and keeping it decent."""
