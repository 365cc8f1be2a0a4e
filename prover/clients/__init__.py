"""What consumers and providers do, by protocol."""
