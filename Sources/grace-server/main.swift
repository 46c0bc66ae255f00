print("grace-server")
