"""Who works at the desk and what each did, and the readers that they look after."""
