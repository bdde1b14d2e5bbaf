"""One module for each thing an editor can ask: pure functions over a report."""
