"""What goes into an issue and the issue's life: selection, blocks, publication. No HTML here: see `render`."""
