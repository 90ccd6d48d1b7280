"""What the gate for data found."""
