"""What Models/Experiments/ship is made of."""
