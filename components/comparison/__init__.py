"""The components that compare one data set with another."""
