"""What pages of the shop ask for from elsewhere: contacts, the inbox, scripts. Any origin may, without cookies."""
