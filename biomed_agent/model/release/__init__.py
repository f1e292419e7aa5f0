"""How the model that ships is trained, scored and published."""
