"""An issue as it reads: its letter, its proof, and the mail as a reader would get it."""
