"""The only place where AWS is spoken to. Each table says in its methods what is meant, not how it
is stored.
"""
