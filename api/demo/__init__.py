"""`kogda demo`: a coffee shop's day in half a minute, sent by the real Segment client."""
