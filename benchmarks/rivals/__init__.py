"""Programs that we stand beside. Each runs under an interpreter of its own, with packages of its own."""
