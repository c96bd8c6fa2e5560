"""Which model is meant, where its key comes from and goes, and how it is made to answer."""

import pytest
from keyring.errors import NoKeyringError
from pydantic import BaseModel

from evotrade.errors import LlmNotConfigured, LlmUnreachable, SettingsError
from evotrade.llm import Budget, Llm, Proposal, Question, ask, chosen, llm_of, ready
from evotrade.llm.models import Prices
from evotrade.settings import Settings, load_settings
from tests.llm.asks import Ask, model_at
from tests.llm_server import Reply, proposal, refusal


class Word(BaseModel):
    word: str


def choice(llm, environment=None, entries=None):
    kept = entries or {}
    return chosen(Settings(llm=llm), environment or {}, lambda service, name: kept.get((service, name)))


@pytest.mark.parametrize(
    ("provider", "variable"),
    [("anthropic", "ANTHROPIC_API_KEY"), ("openai", "OPENAI_API_KEY"), ("google", "GOOGLE_API_KEY")],
)
def test_a_provider_s_key_comes_from_its_variable_or_the_keyring(provider, variable):
    found = choice(f"{provider}:some-model", {variable: " secret "})
    assert (found.label, found.key) == (f"{provider}:some-model", "secret")
    assert choice(f"{provider}:m", {}, {("evotrade", variable.lower()): "kept"}).key == "kept"
    with pytest.raises(LlmNotConfigured, match=f"key for {provider}:m is missing: set {variable}, or"):
        choice(f"{provider}:m")


def test_without_a_model_one_is_told_what_to_set():
    with pytest.raises(LlmNotConfigured, match="set EVOTRADE_LLM, or llm in evotrade.toml, to anth"):
        chosen(Settings())


def test_a_machine_without_a_keyring_has_no_key():
    def no_keyring(*_):
        raise NoKeyringError

    with pytest.raises(LlmNotConfigured, match="the key for openai:m is missing"):
        chosen(Settings(llm="openai:m"), {}, no_keyring)


def test_no_other_provider_s_key_goes_to_an_address():
    keys = {"OPENAI_API_KEY": "openai's", "ANTHROPIC_API_KEY": "anthropic's"}
    assert choice("http://127.0.0.1:8080", keys).key is None
    assert choice("http://127.0.0.1:8080", {**keys, "EVOTRADE_LLM_KEY": "its own"}).key == "its own"
    assert choice("ollama:gemma3", keys).key is None


@pytest.mark.parametrize(
    ("text", "url", "label"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1", "compatible:default"),
        ("http://127.0.0.1:8080/v1/#gemma", "http://127.0.0.1:8080/v1", "compatible:gemma"),
        ("https://llm.example/api#org/qwen", "https://llm.example/api", "compatible:qwen"),
        ("ollama:gemma3:270m", "http://127.0.0.1:11434/v1", "ollama:gemma3:270m"),
    ],
)
def test_an_address_is_a_server_s_base(text, url, label):
    found = choice(text)
    assert (found.url, found.label) == (url, label)


@pytest.mark.parametrize("text", ["gpt-5", "openai:", "openai", "mystery:model", "ftp://x/v1", "http://"])
def test_a_setting_that_names_no_model_says_how_one_is_named(text, monkeypatch):
    monkeypatch.setenv("EVOTRADE_LLM", text)
    with pytest.raises(SettingsError, match="setting 'llm': a language model is named like anthropic:MODEL"):
        load_settings()


def test_an_address_with_a_password_is_refused(monkeypatch):
    monkeypatch.setenv("EVOTRADE_LLM", "https://me:secret@llm.example/v1")
    with pytest.raises(SettingsError, match="an address holds no password: put the key into"):
        load_settings()


def test_a_key_is_sent_and_never_shown(server, monkeypatch):
    monkeypatch.setenv("EVOTRADE_LLM_KEY", "sk-very-secret")
    server.says(refusal(400, "the key sk-very-secret is odd"))
    llm = model_at(server)
    assert "sk-very-secret" not in repr(llm)
    with pytest.raises(LlmUnreachable) as refused:
        Ask(server).propose()
    assert server.keys == ["Bearer sk-very-secret"]
    assert "sk-very-secret" not in server.bodies[0] + str(refused.value)
    assert "the key ••• is odd" in str(refused.value)


def test_a_server_is_asked_in_plain_chat_completions(server):
    server.says(proposal())
    Ask(server).propose()
    request = server.requests[0]
    assert set(request) == {"model", "messages", "stream", "stream_options", "max_tokens"}
    assert [message["role"] for message in request["messages"]] == ["system", "user"]


def test_roles_alternate_however_often_it_is_corrected(server):
    server.says("nonsense", {"name": "x"}, proposal())
    Ask(server).propose()
    roles = [message["role"] for message in server.requests[-1]["messages"]]
    assert roles == ["system", "user", *["assistant", "user"] * (len(roles) // 2 - 1)]


def test_the_server_says_which_model_it_has(server):
    server.models = [{"id": "/models/gemma.gguf"}]
    server.says(Word(word="x").model_dump())
    llm = ready(llm_of(Settings(llm=server.url)))
    assert llm.label == "compatible:gemma.gguf"
    ask(llm, Question("a", "b"), Word, Budget())
    assert server.requests[0]["model"] == "/models/gemma.gguf"
    assert "grammar" not in server.requests[0]


def test_a_server_that_takes_a_grammar_gets_that_of_the_answer(server):
    server.models = [{"id": "gemma", "grammar": "gbnf"}]
    server.says(proposal())
    llm = ready(llm_of(Settings(llm=server.url)))
    ask(llm, Question("a", "b"), Proposal, Budget())
    assert server.requests[0]["grammar"].startswith("root ::=")


def test_a_server_that_does_not_answer_leaves_the_model_as_it_is():
    llm = llm_of(Settings(llm="http://127.0.0.1:9/v1"))
    assert ready(llm) is llm


@pytest.mark.parametrize(
    ("llm", "mode"),
    [("anthropic:m", "tool"), ("openai:m", "native"), ("google:m", "native"), ("ollama:m", "native")],
)
def test_each_provider_is_asked_for_its_schema_in_its_own_way(llm, mode, monkeypatch):
    for variable in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(variable, "key")
    found = llm_of(Settings(llm=llm))
    assert found.mode == mode
    assert found.make().model_name == "m"


def test_ollama_answers_in_the_schema_that_it_is_given(server, monkeypatch):
    monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
    server.says(Word(word="yes").model_dump())
    answered = ask(llm_of(Settings(llm="ollama:gemma3")), Question("a", "b"), Word, Budget())
    assert answered.answer.word == "yes"
    assert server.requests[0]["response_format"]["type"] == "json_schema"


def test_an_answer_may_come_as_the_arguments_of_a_tool(server):
    server.says(Reply('{"word": 1}', as_tool=True), Reply('{"word": "yes"}', as_tool=True))
    llm = model_at(server)
    tooled = Llm(label=llm.label, make=llm.make, mode="tool", retries_itself=True)
    answered = ask(tooled, Question("a", "b"), Word, Budget())
    assert answered.answer.word == "yes"
    assert [one.answer for one in answered.attempts] == ['{"word": 1}', '{"word": "yes"}']
    assert "valid string" in answered.attempts[0].error["message"]


def test_prices_of_the_settings_go_before_the_list_of_prices(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    listed = llm_of(Settings(llm="openai:gpt-4o"))
    assert listed.cost_usd(1_000_000, 0) == pytest.approx(2.5)
    told = llm_of(Settings(llm="openai:gpt-4o", llm_price_in_usd_per_mtok=1, llm_price_out_usd_per_mtok=2))
    assert told.cost_usd(500_000, 1_000_000) == pytest.approx(2.5)
    assert llm_of(Settings(llm="openai:unheard-of")).cost_usd(1, 1) is None
    assert Llm("x", listed.make, prices=Prices(0, 0)).cost_usd(9, 9) == 0
