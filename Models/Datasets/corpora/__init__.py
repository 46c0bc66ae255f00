"""What Models/Datasets/build-datasets is made of: one module a corpus, and what they share."""
