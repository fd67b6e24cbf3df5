"""What electricity, water, gas and telecommunications companies report."""
