"""`course new`: a chapter or a lab that works as it stands, for an author to change bit by bit."""
