"""`make bench`: figures of one run on one machine, as ratios to limits and peers measured beside us."""
