"""What every page is made of: the frame, charts, shapes of columns."""
