"""How many replicas a load needs, by simulation: what Deploy/capacity/simulate is made of."""
