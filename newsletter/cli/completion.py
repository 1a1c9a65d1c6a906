"""`newsletter completion`: the script that makes a shell complete our commands."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    For bash, put this into ~/.bashrc:  eval "$(newsletter completion bash)"
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    program = ctx.find_root().command
    click.echo(kind(program, {}, "newsletter", "_NEWSLETTER_COMPLETE").source())


COMMANDS: tuple[click.Command, ...] = (completion,)
