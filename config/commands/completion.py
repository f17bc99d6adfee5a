"""`aigc completion bash | zsh | fish`"""

import click
from click.shell_completion import get_completion_class

HOW = {
    "bash": 'eval "$(aigc completion bash)"   in ~/.bashrc',
    "zsh": 'eval "$(aigc completion zsh)"   in ~/.zshrc, after compinit',
    "fish": "aigc completion fish > ~/.config/fish/completions/aigc.fish",
}


@click.command("completion", epilog="  ".join(f"{shell}: {how}." for shell, how in HOW.items()))
@click.argument("shell", type=click.Choice(list(HOW)))
def command(shell: str) -> int:
    """Print what makes SHELL complete commands, options, features, models, workers and job ids.

    Names come from the server at AIGC_URL; while it is away there are none, and the shell does not wait.
    """
    from config.cli import root

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(root, {}, "aigc", "_AIGC_COMPLETE")
    # The script alone: to look up the shell's version would take a process, and is not needed to print.
    script = kind.source_template % made.source_vars()
    # What a proposal says of itself has commas, too; for fish, only the first parts it from its kind.
    click.echo(script.replace('string split ","', 'string split --max 1 ","'))
    return 0
