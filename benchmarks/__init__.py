"""What a message costs in Ulak, and in a bare pipeline: same run, same load, same stand-in for Meta."""
