from pichat.mcp.names import LONGEST, Aliases


def test_names_are_the_servers_and_the_tools_own() -> None:
    aliases = Aliases({})
    assert aliases.give("weather", ["get_forecast", "söhne/list"]) == {
        "get_forecast": "weather__get_forecast",
        "söhne/list": "weather__s_hne_list",
    }
    assert aliases.give("weather", ["get_forecast"]) == {}
    assert aliases.of("weather", "get_forecast") == "weather__get_forecast"
    assert aliases.origin("weather__get_forecast") == ("weather", "get_forecast")
    assert aliases.origin("nothing") is None


def test_long_and_taken_names_get_a_digest_that_is_always_the_same() -> None:
    long = "x" * 100
    given = [Aliases({}).give("a", [long])[long] for _ in range(2)]
    assert given[0] == given[1]
    assert len(given[0]) == LONGEST
    aliases = Aliases({})
    first, second = aliases.give("a", ["b.c", "b/c"]).values()
    assert first == "a__b_c"
    assert second.startswith("a__b_c_")
    # After a restart both have the names that they had, whoever comes first.
    again = Aliases({("a", "b.c"): first, ("a", "b/c"): second})
    assert again.give("a", ["b/c", "b.c"]) == {}
    assert again.of("a", "b/c") == second
