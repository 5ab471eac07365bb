"""What two stages share. Imports no stage."""
