"""The settings by section: a class for each section of the file, a row for each setting."""
