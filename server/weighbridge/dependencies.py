"""Who depends on what, looked up from both sides."""

from collections.abc import Hashable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

User = TypeVar("User", bound=Hashable)
Thing = TypeVar("Thing", bound=Hashable)


class Dependencies(Generic[User, Thing]):
    """Users, and the things that each of them depends on, in the order in which they were added.

    Going through it gives the things. Of a user without things nothing is kept, nor of a thing without users.
    """

    __slots__ = ("_things", "_users")

    def __init__(self) -> None:
        self._things: dict[User, dict[Thing, None]] = {}
        self._users: dict[Thing, dict[User, None]] = {}

    def __len__(self) -> int:
        return len(self._users)

    def __iter__(self) -> Iterator[Thing]:
        return iter(self._users)

    def __contains__(self, thing: Thing) -> bool:
        return thing in self._users

    def things(self, user: User) -> AbstractSet[Thing]:
        """The things that a user depends on, as they are now: copy them before you change them."""
        return self._things.get(user, {}).keys()

    def users(self, thing: Thing) -> AbstractSet[User]:
        """The users that depend on a thing, in the same way."""
        return self._users.get(thing, {}).keys()

    def add(self, user: User, thing: Thing) -> bool:
        """Note that a user depends on a thing. True if no user did before."""
        self._things.setdefault(user, {})[thing] = None
        users = self._users.setdefault(thing, {})
        is_first = not users
        users[user] = None
        return is_first

    def remove(self, user: User, thing: Thing) -> bool:
        """Note that a user depends on a thing no longer. True if no user does any more."""
        things, users = self._things.get(user, {}), self._users.get(thing, {})
        if thing not in things:
            return False
        del things[thing], users[user]
        if not things:
            del self._things[user]
        if not users:
            del self._users[thing]
        return not users

    def replace(self, user: User, things: Iterable[Thing]) -> tuple[list[Thing], list[Thing]]:
        """Have a user depend on these things alone.

        Returns the things that no user depended on before, and those that no user depends on any more.
        """
        before, after = [*self.things(user)], dict.fromkeys(things)
        gone = [thing for thing in before if thing not in after and self.remove(user, thing)]
        return [thing for thing in after if self.add(user, thing)], gone

    def retain(self, users: AbstractSet[User]) -> None:
        """Forget all users but these."""
        for user in self._things.keys() - users:
            self.replace(user, ())

    def clear(self) -> None:
        """Forget everything."""
        self._things.clear()
        self._users.clear()
