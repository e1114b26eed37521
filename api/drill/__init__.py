"""`kogda drill`: this machine's own processes are killed, stopped and cut off while events flow, and what arrived is
compared with what had to."""
