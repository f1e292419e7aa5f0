"""Dumps of measured activities: what ChEMBL and BindingDB give out, and tables of one's own.

:mod:`.formats` tells by a file's content what it is, :mod:`.values` reads measures, relations, values and units,
:mod:`.storing` puts records into an index under construction, and the other modules read one kind of file each.
"""
