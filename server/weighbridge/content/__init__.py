"""The only rooms that touch the world: what references stand for, read, fetched or looked up."""
