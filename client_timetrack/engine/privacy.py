"""Taking a person out of texts, as plain Python."""

import re

REMOVED = "[…]"
LEAST = 3  # letters of a name: shorter ones would be found in every other word


class Eraser:
    """Replaces the names of a person by a pseudonym.

    A name counts as a whole word, whatever its case; of two that overlap, the longer one goes first.

    :param names: what the person is called: full names, logins, addresses; those of less than three letters are left
    :param str pseudonym: what stands there instead
    """

    def __init__(self, names, pseudonym):
        self.names = sorted({name.strip() for name in names if name and len(name.strip()) >= LEAST}, key=len)[::-1]
        self.pseudonym = pseudonym
        words = "|".join(map(re.escape, self.names))
        self.pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    def text(self, value):
        """The text without the person; what is no text stays as it is."""
        if not self.pattern or not isinstance(value, str):
            return value
        return self.pattern.sub(lambda _found: self.pseudonym, value)

    def tree(self, value):
        """The same of all texts in lists and dicts, keys apart."""
        if isinstance(value, dict):
            return {key: self.tree(child) for key, child in value.items()}
        if isinstance(value, list):
            return [self.tree(child) for child in value]
        return self.text(value)

    def changes(self, changes, emptied=()):
        """What the trail keeps of changed values, without the person.

        :param dict changes: old and new value by field
        :param emptied: fields whose texts are replaced altogether, for the person has written them
        """
        return {
            name: [REMOVED if value and isinstance(value, str) else value for value in values]
            if name in emptied
            else self.tree(values)
            for name, values in (changes or {}).items()
        }
