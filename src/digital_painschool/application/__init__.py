"""What hosts call: the one path of a step (`executor`), the desks of each kind of person, and what they show."""
