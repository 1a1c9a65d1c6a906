"""The facts desk's second half: where what is recorded contradicts itself. Which claim is the fact is `facts`."""
