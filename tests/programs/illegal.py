"""Texts that a program may not have as a key or as a title, each for one reason."""

KEYS = (
    # White space, what cannot be seen, and what a screen obeys.
    *("smart skola", "smart\tskola", "smart\nskola", "smartskola\n", "smart\u00a0skola", "smartskola\u00a0", " ", ""),
    *("smart\u2028skola", "smart\u200bskola", "\ufeffsmartskola", "smart\u00adskola", "smart\x1b[31mskola"),
    *("smart\u202eskola", "smart\U0001f642"),
    # Letters and digits of other scripts: Swedish, Greek, full-width and Arabic.
    *("smärtskola", "smartsk\u03bfla", "\uff53martskola", "smart\u0661"),
    # What means something to a shell, a path, a table or a spreadsheet.
    *("=1+1", "-smartskola", "..", "smart/skola", "smart,skola", "smart;skola", 'smart"skola'),
    *("x" * 65, "x" * 100_000),
)

TITLES = (
    *("Smärt\x1b[31mskola", "Smärt\tskola", "Smärt\nskola", "Smärt\rskola", "Smärt\x85skola", "Smärt\u2028skola"),
    *("Smärt\u2029skola", "Smärt\u202eskola", "Smärt\u2067skola", "Smärt\x7fskola", "\u200b\u00a0", "x" * 1001, "\x00"),
)
