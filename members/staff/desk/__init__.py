"""The desk: one supporter is found, their record opened for a purpose, and helped in a minute.

find      the search
purposes  why a record is open in this session
record    the record, and who it is once somebody presses for that
timeline  its timeline, each line with the rule and the row behind it
cases     what an act is about, and why it cannot be done now
forms     what has to be chosen before
outcomes  what exactly would happen, in words
deeds     the acts, each a row before it is done
doing     choosing, confirming, doing
"""
