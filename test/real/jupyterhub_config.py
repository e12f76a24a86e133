# JupyterHub for one test run, without system users and with all files in one directory.
import os

from jupyterhub.spawner import SimpleLocalProcessSpawner

base = os.environ["HUB_DIR"]
public, hub, proxy = os.environ["HUB_PORTS"].split(",")


class OptionSpawner(SimpleLocalProcessSpawner):
    """Reads its options like a custom spawner: a start with a missing image fails."""

    async def start(self):
        if self.user_options.get("image") == "no-such-image":
            raise RuntimeError("image not found")
        home = self.home_dir_template.format(username=self.user.name)
        os.makedirs(home, exist_ok=True)
        with open(f"{home}/welcome.txt", "w") as page:
            page.write("welcome")
        return await super().start()


c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.auth_token = os.environ["HUB_PROXY_TOKEN"]
# With another Node than Debian's, the proxy needs the path of its modules.
c.ConfigurableHTTPProxy.command = ["env", "NODE_PATH=/usr/share/nodejs", "configurable-http-proxy"]
c.ConfigurableHTTPProxy.pid_file = f"{base}/proxy.pid"
c.JupyterHub.db_url = f"sqlite:///{base}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{base}/cookie_secret"
c.JupyterHub.authenticator_class = "jupyterhub.auth.DummyAuthenticator"
c.JupyterHub.spawner_class = OptionSpawner
c.OptionSpawner.home_dir_template = base + "/home/{username}"
c.Spawner.cmd = ["jupyterhub-singleuser"]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
# A page that every server has and that requires authentication.
c.Spawner.default_url = "/files/welcome.txt"
c.Spawner.start_timeout = 60
# Limits the wait for a server that asks for confirmation or saves files.
c.LocalProcessSpawner.interrupt_timeout = 2
c.LocalProcessSpawner.term_timeout = 2
c.Spawner.consecutive_failure_limit = 0
# Every start returns 202 immediately, like a slow start.
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
c.JupyterHub.allow_named_servers = True
c.JupyterHub.services = [
    {"name": "switchyard", "api_token": os.environ["HUB_TOKEN"]},
    {"name": "onlooker", "api_token": os.environ["HUB_OTHER_TOKEN"]},
]
c.JupyterHub.load_roles = [
    {
        "name": "switchyard",
        "services": ["switchyard"],
        "scopes": ["admin:users", "admin:servers", "list:users", "tokens", "access:servers"],
    },
    {"name": "onlooker", "services": ["onlooker"], "scopes": ["read:users", "list:users"]},
]
