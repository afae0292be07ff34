// A server of Go's x/crypto/ssh and pkg/sftp, with commands, files and forwards; prints its port.
// Arguments: host key, authorized keys, folder, password.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

func main() {
	key, _ := os.ReadFile(os.Args[1])
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		panic(err)
	}
	line, _ := os.ReadFile(os.Args[2])
	allowed, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		panic(err)
	}
	refused := errors.New("refused")
	config := &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) == os.Args[4] {
				return nil, nil
			}
			return nil, refused
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if bytes.Equal(key.Marshal(), allowed.Marshal()) {
				return nil, nil
			}
			return nil, refused
		},
	}
	config.AddHostKey(signer)
	if err := os.Chdir(os.Args[3]); err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go serve(client, config)
	}
}

func serve(client net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(client, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for asked := range channels {
		switch asked.ChannelType() {
		case "session":
			channel, requests, err := asked.Accept()
			if err == nil {
				go session(channel, requests)
			}
		case "direct-tcpip":
			go forward(asked)
		default:
			asked.Reject(ssh.UnknownChannelType, "unknown")
		}
	}
}

func session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for request := range requests {
		var text struct{ Value string }
		ssh.Unmarshal(request.Payload, &text)
		switch {
		case request.Type == "exec":
			request.Reply(true, nil)
			go command(channel, text.Value)
		case request.Type == "subsystem" && text.Value == "sftp":
			request.Reply(true, nil)
			go files(channel)
		default:
			request.Reply(false, nil)
		}
	}
}

func files(channel ssh.Channel) {
	defer channel.Close()
	if server, err := sftp.NewServer(channel); err == nil {
		server.Serve()
	}
}

func command(channel ssh.Channel, text string) {
	defer channel.Close()
	child := exec.Command("/bin/sh", "-c", text)
	child.Stdout, child.Stderr = channel, channel.Stderr()
	input, _ := child.StdinPipe()
	if child.Start() != nil {
		return
	}
	go func() {
		io.Copy(input, channel)
		input.Close()
	}()
	child.Wait()
	status := struct{ Code uint32 }{uint32(child.ProcessState.ExitCode())}
	channel.SendRequest("exit-status", false, ssh.Marshal(&status))
}

func forward(asked ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	ssh.Unmarshal(asked.ExtraData(), &target)
	there, err := net.Dial("tcp", net.JoinHostPort(target.Host, fmt.Sprint(target.Port)))
	if err != nil {
		asked.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := asked.Accept()
	if err != nil {
		there.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		io.Copy(there, channel)
		there.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(channel, there)
	channel.Close()
	there.Close()
}
