"""The reference: what must be true of a school, worked out by an account of its own that knows no rule of the library.

`laws` names the laws and the one error of a broken one. `enrolment` is the model of an enrolment, with `counts`,
`refusals`, `forms` (alerts) and `calendar`. `permissions` is the table of who may do what. `notifications` is the
oracle of law 5, with `expectations` and `arrivals`. `school` has the enrolments and purge plans, and `steps` the law,
the refusal and the effect of each step. `checks` compares what a school shows and stores with the model.
"""
