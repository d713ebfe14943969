"""The staff directory by LDAP, as regions have it: read only, encrypted, with a time limit for each question.

TLS is the standard library's, the protocol is python-ldap's. Import `directory` where the extra `ldap` is installed;
`options` and `entries` need nothing of it.
"""
