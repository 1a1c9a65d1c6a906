"""Where what is recorded contradicts itself. Which claim is the fact is `facts`."""
