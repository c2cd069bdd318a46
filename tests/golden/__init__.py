"""What every definition makes of one frozen organisation: the results that its version stands for.

`organisation/` holds event tables (an eighth of the changes of thirteen of the sample organisation's repositories, with
what belongs to them); it is never made anew, so that a result can only change with the code. No definition is here,
and no test of what is right: that is for the worked examples and the oracles beside each package.
"""
